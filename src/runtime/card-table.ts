import { PAGE_BYTES } from "./wasm/module-info.ts"

/*
 * A card table tells which parts of a guest's memory a call may have changed: a byte for each card of
 * 4 KiB, 1 when something has been stored there.
 *
 * It lies in pages of its own before the guest's memory: the instrumented module adds their size to the
 * offset of every access, so that the guest's address 0 comes after the table. An address of
 * WebAssembly is never negative, hence no guest can reach the table, whatever it stores where; and an
 * access beyond its memory traps as it did before.
 */

/** log2 of a card's size. */
export const CARD_SHIFT = 12

/** Bytes of a card. */
const CARD_BYTES = 1 << CARD_SHIFT

/**
 * The widest store, in bytes. A store marks the card of its last byte only; the few bytes that it may
 * have changed on the card before are put back with that card.
 */
const WIDEST_STORE = 16

/** Pages that a table takes for a guest's memory of so many pages. */
export function tablePages(memoryPages: number): number {
  return Math.max(1, Math.ceil((memoryPages * PAGE_BYTES) / CARD_BYTES / PAGE_BYTES))
}

/** Marks what the host itself wrote. `pointer` is the guest's. */
export function markCards(memory: Uint8Array, pointer: number, length: number): void {
  if (length > 0) memory.fill(1, pointer >>> CARD_SHIFT, ((pointer + length - 1) >>> CARD_SHIFT) + 1)
}

/**
 * Puts a guest's memory back to what it was, and clears the table.
 *
 * @param memory The whole memory.
 * @param base Size of the table's pages: where the guest's memory begins.
 * @param snapshot The guest's memory as it is to be.
 * @returns How many cards had been marked.
 */
export function restoreCards(memory: Uint8Array, base: number, snapshot: Uint8Array): number {
  const cards = snapshot.length >>> CARD_SHIFT
  // Most of the table is 0: look at four cards at once. A guest's memory has a multiple of 16 cards.
  const words = new Int32Array(memory.buffer, 0, cards >>> 2)
  let marked = 0
  for (let word = 0; word < words.length; word++) {
    if (words[word] === 0) continue
    let card = word << 2
    const last = card + 4
    while (card < last) {
      if (memory[card] === 0) {
        card++
        continue
      }
      const first = card
      // A run of marked cards is copied at once, also beyond this word.
      while (card < cards && memory[card] !== 0) memory[card++] = 0
      marked += card - first
      const start = Math.max(0, (first << CARD_SHIFT) - WIDEST_STORE)
      memory.set(snapshot.subarray(start, card << CARD_SHIFT), base + start)
    }
  }
  return marked
}
