import { expect, test } from 'vitest'
import { namesOrigin } from '../../../src/cli/chain/origin.ts'

test.each([
  'https://api.example.com/users/{value.id}',
  'https://api.example.com/users',
  'https://api.example.com',
  'https://api.example.com?id={value.id}',
  'https://api.example.com{/value.path}',
  'https://api.example.com{?value.page,value.size}',
  'https://api.example.com:8443/{+value.path}',
  'https://{region}.example.com/{value.id}',
  'HTTP://api.example.com/{1.value.id}',
])('the template %s names its origin', template => {
  expect(namesOrigin(template)).toBe(true)
})

test.each([
  '{+value.url}',
  '{+1.value.url}/x',
  'https://{value.host}/x',
  'https://api.example.com{value.rest}/x',
  'https://api.example.com{+value.rest}',
  'https://api.example.com:{value.port}/x',
  'https://user:{value.password}@api.example.com/x',
  'https://{+value.host}/https://api.example.com/',
  '{value.scheme}://api.example.com/',
  '//api.example.com/{value.id}',
  '/users/{value.id}',
  '{+base}/users/{value.id}',
])('the template %s leaves its origin to a value, or to the page', template => {
  expect(namesOrigin(template)).toBe(false)
})
