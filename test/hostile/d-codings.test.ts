import { CODINGS, url } from './d-codings.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, CODINGS)
