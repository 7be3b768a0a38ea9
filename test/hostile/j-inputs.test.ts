import { INPUTS, url } from './j-inputs.ts'
import { proves } from '../support/hostile/proves.ts'

proves(url, INPUTS)
