/** A type whose fields are filled in one after the other; handed on as what it is. */
export type Writable<T> = { -readonly [Name in keyof T]: T[Name] }
