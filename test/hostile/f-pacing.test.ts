import { PACING, url } from './f-pacing.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, PACING)
