import { HTTP2, url } from './g-http2.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, HTTP2)
