/** The contracts of operators, as the engine's run sees them. */
export * from '../compile/operator.ts'
