import { PROXIES, url } from './h-proxies.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, PROXIES)
