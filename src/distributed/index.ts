/** Several processes that work together through Redis. */
import '../core/supported-node.ts'
