export { FunctionServiceServer } from "./function-service.ts"
export type { FunctionServiceOptions } from "./options.ts"
