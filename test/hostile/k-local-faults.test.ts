import { LOCAL_FAULTS, url } from './k-local-faults.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, LOCAL_FAULTS)
