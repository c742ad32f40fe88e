// What a function's bundle begins with: the web platform first, as the app may use it while it is loaded.
import "./globals.ts"

export { install } from "./install.ts"
