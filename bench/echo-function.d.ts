/** A function that answers with its input: what remains of a call is the way there and back. */
export declare function echoFunction(): Uint8Array<ArrayBuffer>
