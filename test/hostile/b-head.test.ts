import { HEAD, url } from './b-head.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, HEAD)
