/**
 * From an app to functions on Faasm: build and upload.
 *
 * @module
 */
export { type BuildOptions, buildApp } from "./build.ts"
export { BuildError, type BuildErrorCode } from "./build-error.ts"
export { PackError, type PackErrorCode } from "./pack-error.ts"
export { type UploadOptions, uploadBuild, uploadFunction } from "./upload.ts"
export { UploadError, type UploadErrorCode } from "./upload-error.ts"
