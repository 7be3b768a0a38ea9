import { FRAMING, url } from './c-framing.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, FRAMING)
