/**
 * How far a host is trusted with places that others wait for: it has answered, it has not been asked yet, or it does not
 * answer (any more).
 */
export type Standing = 'new' | 'proven' | 'silent'
