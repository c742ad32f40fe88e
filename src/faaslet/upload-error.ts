/** Why an upload failed. */
export type UploadErrorCode =
  /** There is no build in the directory, or not one of this version. */
  | "no_build"
  /** A function's file is not the one that the build made. */
  | "changed_file"
  /** The upload server's address is no URL. */
  | "bad_url"
  /** The upload server can't be reached. */
  | "unreachable"
  /** The upload server did not answer in time. */
  | "timeout"
  /** The upload server refused the function. */
  | "refused"

/** An upload that failed. Functions before it in the build have been uploaded. */
export class UploadError extends Error {
  override readonly name = "UploadError"
  readonly code: UploadErrorCode

  constructor(code: UploadErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
