/** Values that come from the environment: read where a request is made, and hidden from what a service answers. */
import { Fault } from '../../../engine/fault.ts'
import type { Given } from './options.ts'

type Values = readonly (readonly [string, Given])[]

/** Throws resource: the environment lacks a variable. */
export function givenText(given: Given): string {
  if (typeof given === 'string') return given
  const value = process.env[given.env]
  if (value === undefined || value === '')
    throw new Fault('resource', `environment variable ${given.env} is not set`, {
      hint: 'it holds what the service wants to know who asks: set it, then run again',
    })
  return `${given.prefix ?? ''}${value}`
}

/** The text without the values of environment variables. */
export function hidden(text: string, values: Values): string {
  let clean = text
  for (const [, given] of values) {
    const secret = typeof given === 'string' ? undefined : process.env[given.env]
    if (secret)
      clean = clean.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***')
  }
  return clean
}
