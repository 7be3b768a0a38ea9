import { CONNECTING, url } from './a-connecting.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, CONNECTING)
