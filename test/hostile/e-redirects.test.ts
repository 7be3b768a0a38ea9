import { REDIRECTS, url } from './e-redirects.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, REDIRECTS)
