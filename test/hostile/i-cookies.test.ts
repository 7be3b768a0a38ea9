import { COOKIES, url } from './i-cookies.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, COOKIES)
