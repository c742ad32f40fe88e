/**
 * Generates the schema of the app that is given, and prints what it took as JSON: milliseconds, and the most memory in
 * MiB. The compiler keeps what it read, so every measurement has a process of its own.
 *
 * @module
 */
import { generateSchema } from "../src/schema/index.ts"

const [appFile, dir] = process.argv.slice(2)
const start = performance.now()
const { routes } = generateSchema({ appFile: appFile!, appName: "scale", dir: dir! })
const ms = performance.now() - start
const memoryMib = process.resourceUsage().maxRSS / 1024
console.log(JSON.stringify({ routes: routes.length, ms, memoryMib }))
