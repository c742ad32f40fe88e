/**
 * The Richards benchmark: the kernel of a simple operating system, whose tasks pass packets to each other.
 *
 * @see https://www.cl.cam.ac.uk/~mr10/Bench.html
 */

/** How often a packet was queued for a task, and how often a task was held. */
export interface RichardsResult {
  queued: number
  held: number
}

type TaskId = 0 | 1 | 2 | 3 | 4 | 5
const IDLE: TaskId = 0
const WORKER: TaskId = 1
const HANDLER_A: TaskId = 2
const HANDLER_B: TaskId = 3
const DEVICE_A: TaskId = 4
const DEVICE_B: TaskId = 5

const DATA_SIZE = 4
const IDLE_ROUNDS = 1000

type PacketKind = "device" | "work"

class Packet {
  next: Packet | undefined
  id: TaskId
  readonly kind: PacketKind
  /** For the receiver's own use. */
  datum = 0
  readonly data = new Array<number>(DATA_SIZE).fill(0)

  constructor(next: Packet | undefined, id: TaskId, kind: PacketKind) {
    this.next = next
    this.id = id
    this.kind = kind
  }

  /** The queue with this packet at its end. */
  appendTo(queue: Packet | undefined): Packet {
    this.next = undefined
    if (!queue) return this
    let last = queue
    while (last.next) last = last.next
    last.next = this
    return queue
  }
}

interface Task {
  /** Runs with a packet when one waits; the control block to run next. */
  run(packet: Packet | undefined): ControlBlock | undefined
}

/** A task as the scheduler sees it. */
class ControlBlock {
  readonly next: ControlBlock | undefined
  readonly id: TaskId
  readonly priority: number
  readonly task: Task
  queue: Packet | undefined
  isHeld = false
  isWaiting: boolean
  hasPacket: boolean

  constructor(
    next: ControlBlock | undefined,
    id: TaskId,
    priority: number,
    queue: Packet | undefined,
    task: Task,
    isWaiting: boolean,
  ) {
    this.next = next
    this.id = id
    this.priority = priority
    this.queue = queue
    this.task = task
    this.isWaiting = isWaiting
    this.hasPacket = queue !== undefined
  }

  get cannotRun(): boolean {
    return this.isHeld || (this.isWaiting && !this.hasPacket)
  }

  run(): ControlBlock | undefined {
    if (!(this.isWaiting && this.hasPacket && !this.isHeld)) return this.task.run(undefined)
    const packet = this.queue!
    this.queue = packet.next
    this.isWaiting = false
    this.hasPacket = this.queue !== undefined
    return this.task.run(packet)
  }

  /** The block to run after a packet was added: this one when it is more urgent. */
  add(current: ControlBlock, packet: Packet): ControlBlock {
    if (this.queue) {
      this.queue = packet.appendTo(this.queue)
      return current
    }
    this.queue = packet
    this.hasPacket = true
    return this.priority > current.priority ? this : current
  }
}

class Scheduler {
  queued = 0
  held = 0
  readonly #blocks: ControlBlock[] = []
  #first: ControlBlock | undefined
  #current!: ControlBlock

  addTask(id: TaskId, priority: number, queue: Packet | undefined, task: Task, isWaiting: boolean): void {
    const block = new ControlBlock(this.#first, id, priority, queue, task, isWaiting)
    this.#first = block
    this.#blocks[id] = block
  }

  schedule(): void {
    let block = this.#first
    while (block) {
      if (block.cannotRun) block = block.next
      else {
        this.#current = block
        block = block.run()
      }
    }
  }

  release(id: TaskId): ControlBlock {
    const block = this.#blocks[id]!
    block.isHeld = false
    return block.priority > this.#current.priority ? block : this.#current
  }

  hold(): ControlBlock | undefined {
    this.held += 1
    this.#current.isHeld = true
    return this.#current.next
  }

  wait(): ControlBlock {
    this.#current.isWaiting = true
    return this.#current
  }

  queue(packet: Packet): ControlBlock {
    const target = this.#blocks[packet.id]!
    this.queued += 1
    packet.next = undefined
    packet.id = this.#current.id
    return target.add(this.#current, packet)
  }
}

/** Releases one device or the other, by the bits of a shift register. */
class IdleTask implements Task {
  readonly #scheduler: Scheduler
  #register = 1
  #rounds = IDLE_ROUNDS

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  run(): ControlBlock | undefined {
    this.#rounds -= 1
    if (this.#rounds === 0) return this.#scheduler.hold()
    if ((this.#register & 1) === 0) {
      this.#register >>= 1
      return this.#scheduler.release(DEVICE_A)
    }
    this.#register = (this.#register >> 1) ^ 0xd008
    return this.#scheduler.release(DEVICE_B)
  }
}

/** Holds itself until a packet is there, then sends it back. */
class DeviceTask implements Task {
  readonly #scheduler: Scheduler
  #waiting: Packet | undefined

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  run(packet: Packet | undefined): ControlBlock | undefined {
    if (packet) {
      this.#waiting = packet
      return this.#scheduler.hold()
    }
    const waiting = this.#waiting
    if (!waiting) return this.#scheduler.wait()
    this.#waiting = undefined
    return this.#scheduler.queue(waiting)
  }
}

/** Sends letters to both handlers in turn. */
class WorkerTask implements Task {
  readonly #scheduler: Scheduler
  #handler: TaskId = HANDLER_A
  #letter = 0

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  run(packet: Packet | undefined): ControlBlock | undefined {
    if (!packet) return this.#scheduler.wait()
    this.#handler = this.#handler === HANDLER_A ? HANDLER_B : HANDLER_A
    packet.id = this.#handler
    packet.datum = 0
    for (let i = 0; i < DATA_SIZE; i++) {
      this.#letter = this.#letter === 26 ? 1 : this.#letter + 1
      packet.data[i] = this.#letter
    }
    return this.#scheduler.queue(packet)
  }
}

/** Brings the worker's letters to a device, one at a time. */
class HandlerTask implements Task {
  readonly #scheduler: Scheduler
  readonly #device: TaskId
  #work: Packet | undefined
  #free: Packet | undefined

  constructor(scheduler: Scheduler, device: TaskId) {
    this.#scheduler = scheduler
    this.#device = device
  }

  run(packet: Packet | undefined): ControlBlock | undefined {
    if (packet?.kind === "work") this.#work = packet.appendTo(this.#work)
    else if (packet) this.#free = packet.appendTo(this.#free)
    const work = this.#work
    if (!work) return this.#scheduler.wait()
    if (work.datum >= DATA_SIZE) {
      this.#work = work.next
      work.id = WORKER
      return this.#scheduler.queue(work)
    }
    const free = this.#free
    if (!free) return this.#scheduler.wait()
    this.#free = free.next
    free.id = this.#device
    free.datum = work.data[work.datum]!
    work.datum += 1
    return this.#scheduler.queue(free)
  }
}

/** Runs the kernel some times from its beginning, and adds up. */
export function richards(runs: number): RichardsResult {
  const total = { queued: 0, held: 0 }
  for (let run = 0; run < runs; run++) {
    const { queued, held } = runOnce()
    total.queued += queued
    total.held += held
  }
  return total
}

function runOnce(): RichardsResult {
  const scheduler = new Scheduler()
  const packets = (count: number, id: TaskId, kind: PacketKind) => {
    let queue: Packet | undefined
    for (let i = 0; i < count; i++) queue = new Packet(queue, id, kind)
    return queue
  }
  scheduler.addTask(IDLE, 0, undefined, new IdleTask(scheduler), false)
  scheduler.addTask(WORKER, 1000, packets(2, WORKER, "work"), new WorkerTask(scheduler), true)
  scheduler.addTask(
    HANDLER_A,
    2000,
    packets(3, DEVICE_A, "device"),
    new HandlerTask(scheduler, DEVICE_A),
    true,
  )
  scheduler.addTask(
    HANDLER_B,
    3000,
    packets(3, DEVICE_B, "device"),
    new HandlerTask(scheduler, DEVICE_B),
    true,
  )
  scheduler.addTask(DEVICE_A, 4000, undefined, new DeviceTask(scheduler), true)
  scheduler.addTask(DEVICE_B, 5000, undefined, new DeviceTask(scheduler), true)
  scheduler.schedule()
  return { queued: scheduler.queued, held: scheduler.held }
}
