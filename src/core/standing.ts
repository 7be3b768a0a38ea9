/**
 * How far the gate trusts a host with slots that other hosts wait for. `'proven'`: it has answered. `'new'`: nothing
 * has been sent to it yet. `'silent'`: it does not answer, or no longer does.
 */
export type Standing = 'new' | 'proven' | 'silent'
