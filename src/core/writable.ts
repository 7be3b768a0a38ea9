/** The same type with writable fields, for code that fills an object field by field before passing it on. */
export type Writable<T> = { -readonly [Name in keyof T]: T[Name] }
