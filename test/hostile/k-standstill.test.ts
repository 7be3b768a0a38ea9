import { STANDSTILL, url } from './k-local-faults.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, STANDSTILL)
