/**
 * The DeltaBlue benchmark: an incremental solver of constraints between variables, of which the stronger ones win.
 *
 * @see https://constraints.cs.washington.edu/deltablue/
 */

/** Smaller is stronger. */
const REQUIRED = 0
const PREFERRED = 2
const STRONG_DEFAULT = 3
const NORMAL = 4
const WEAKEST = 6

type Strength = number

class Variable {
  value: number
  readonly constraints = new Set<Constraint>()
  determinedBy: Constraint | undefined
  mark = 0
  walkStrength: Strength = WEAKEST
  isStay = true

  constructor(value = 0) {
    this.value = value
  }
}

abstract class Constraint {
  readonly strength: Strength

  constructor(strength: Strength) {
    this.strength = strength
  }

  /** Whether it stands for something outside, such as the user's input. */
  get isInput(): boolean {
    return false
  }

  abstract get isSatisfied(): boolean
  abstract get output(): Variable
  abstract get inputs(): readonly Variable[]
  abstract addToGraph(): void
  abstract removeFromGraph(): void
  abstract chooseMethod(mark: number): void
  abstract markUnsatisfied(): void
  abstract recalculate(): void
  abstract execute(): void

  inputsKnown(mark: number): boolean {
    return this.inputs.every(
      (input) => input.mark === mark || input.isStay || input.determinedBy === undefined,
    )
  }

  markInputs(mark: number): void {
    for (const input of this.inputs) input.mark = mark
  }

  /** Satisfies it if it is strong enough; the constraint that it put out of force. */
  satisfy(planner: Planner, mark: number): Constraint | undefined {
    this.chooseMethod(mark)
    if (!this.isSatisfied) {
      if (this.strength === REQUIRED) throw new Error("a required constraint can't be satisfied")
      return undefined
    }
    this.markInputs(mark)
    const { output } = this
    const overridden = output.determinedBy
    overridden?.markUnsatisfied()
    output.determinedBy = this
    if (!planner.addPropagate(this, mark)) throw new Error("the constraints have a cycle")
    output.mark = mark
    return overridden
  }
}

/** Of one variable. */
abstract class UnaryConstraint extends Constraint {
  readonly #variable: Variable
  #isSatisfied = false

  constructor(variable: Variable, strength: Strength, planner: Planner) {
    super(strength)
    this.#variable = variable
    planner.add(this)
  }

  get isSatisfied(): boolean {
    return this.#isSatisfied
  }

  get output(): Variable {
    return this.#variable
  }

  get inputs(): readonly Variable[] {
    return []
  }

  addToGraph(): void {
    this.#variable.constraints.add(this)
    this.#isSatisfied = false
  }

  removeFromGraph(): void {
    this.#variable.constraints.delete(this)
    this.#isSatisfied = false
  }

  chooseMethod(mark: number): void {
    this.#isSatisfied = this.#variable.mark !== mark && this.strength < this.#variable.walkStrength
  }

  markUnsatisfied(): void {
    this.#isSatisfied = false
  }

  recalculate(): void {
    this.#variable.walkStrength = this.strength
    this.#variable.isStay = !this.isInput
    if (this.#variable.isStay) this.execute()
  }

  execute(): void {}
}

/** The variable should stay as it is. */
class StayConstraint extends UnaryConstraint {}

/** The variable is changed from outside. */
class EditConstraint extends UnaryConstraint {
  override get isInput(): boolean {
    return true
  }
}

type Direction = "none" | "forward" | "backward"

/** Of two variables: either follows from the other. */
abstract class BinaryConstraint extends Constraint {
  readonly first: Variable
  readonly second: Variable
  protected direction: Direction = "none"

  constructor(first: Variable, second: Variable, strength: Strength) {
    super(strength)
    this.first = first
    this.second = second
  }

  get isSatisfied(): boolean {
    return this.direction !== "none"
  }

  get output(): Variable {
    return this.direction === "forward" ? this.second : this.first
  }

  get input(): Variable {
    return this.direction === "forward" ? this.first : this.second
  }

  get inputs(): readonly Variable[] {
    return [this.input]
  }

  addToGraph(): void {
    this.first.constraints.add(this)
    this.second.constraints.add(this)
    this.direction = "none"
  }

  removeFromGraph(): void {
    this.first.constraints.delete(this)
    this.second.constraints.delete(this)
    this.direction = "none"
  }

  chooseMethod(mark: number): void {
    const { first, second, strength } = this
    if (first.mark === mark) {
      this.direction = second.mark !== mark && strength < second.walkStrength ? "forward" : "none"
    } else if (second.mark === mark) {
      this.direction = strength < first.walkStrength ? "backward" : "none"
    } else if (first.walkStrength > second.walkStrength) {
      this.direction = strength < first.walkStrength ? "backward" : "none"
    } else {
      this.direction = strength < second.walkStrength ? "forward" : "backward"
    }
  }

  markUnsatisfied(): void {
    this.direction = "none"
  }

  recalculate(): void {
    const { input, output } = this
    output.walkStrength = Math.max(this.strength, input.walkStrength)
    output.isStay = input.isStay
    if (output.isStay) this.execute()
  }
}

/** Both are equal. */
class EqualityConstraint extends BinaryConstraint {
  constructor(first: Variable, second: Variable, strength: Strength, planner: Planner) {
    super(first, second, strength)
    planner.add(this)
  }

  execute(): void {
    this.output.value = this.input.value
  }
}

/** The second is the first, scaled and moved. */
class ScaleConstraint extends BinaryConstraint {
  readonly #scale: Variable
  readonly #offset: Variable

  constructor(
    source: Variable,
    scale: Variable,
    offset: Variable,
    target: Variable,
    strength: Strength,
    planner: Planner,
  ) {
    super(source, target, strength)
    this.#scale = scale
    this.#offset = offset
    planner.add(this)
  }

  override get inputs(): readonly Variable[] {
    return [this.input, this.#scale, this.#offset]
  }

  override addToGraph(): void {
    super.addToGraph()
    this.#scale.constraints.add(this)
    this.#offset.constraints.add(this)
  }

  override removeFromGraph(): void {
    super.removeFromGraph()
    this.#scale.constraints.delete(this)
    this.#offset.constraints.delete(this)
  }

  execute(): void {
    if (this.direction === "forward") {
      this.second.value = this.first.value * this.#scale.value + this.#offset.value
    } else {
      this.first.value = (this.second.value - this.#offset.value) / this.#scale.value
    }
  }

  override recalculate(): void {
    const { input, output } = this
    output.walkStrength = Math.max(this.strength, input.walkStrength)
    output.isStay = input.isStay && this.#scale.isStay && this.#offset.isStay
    if (output.isStay) this.execute()
  }
}

class Planner {
  #mark = 0

  add(constraint: Constraint): void {
    constraint.addToGraph()
    const mark = this.#nextMark()
    let overridden = constraint.satisfy(this, mark)
    while (overridden) overridden = overridden.satisfy(this, mark)
  }

  remove(constraint: Constraint): void {
    const { output } = constraint
    constraint.markUnsatisfied()
    constraint.removeFromGraph()
    const unsatisfied = this.#removePropagateFrom(output)
    for (let strength = REQUIRED; strength <= WEAKEST; strength++) {
      for (const one of unsatisfied) {
        if (one.strength === strength && !one.isSatisfied) {
          const mark = this.#nextMark()
          let overridden = one.satisfy(this, mark)
          while (overridden) overridden = overridden.satisfy(this, mark)
        }
      }
    }
  }

  /** The constraints to execute, in order, when the inputs of these change. */
  planFrom(constraints: readonly Constraint[]): Constraint[] {
    const mark = this.#nextMark()
    const plan: Constraint[] = []
    const todo = constraints.filter((one) => one.isInput && one.isSatisfied)
    for (let one = todo.pop(); one; one = todo.pop()) {
      if (one.output.mark === mark || !one.inputsKnown(mark)) continue
      plan.push(one)
      one.output.mark = mark
      this.#addConsumers(one.output, todo)
    }
    return plan
  }

  /** False when it finds a cycle. */
  addPropagate(constraint: Constraint, mark: number): boolean {
    const todo = [constraint]
    for (let one = todo.pop(); one; one = todo.pop()) {
      if (one.output.mark === mark) {
        this.remove(constraint)
        return false
      }
      one.recalculate()
      this.#addConsumers(one.output, todo)
    }
    return true
  }

  #removePropagateFrom(from: Variable): Constraint[] {
    from.determinedBy = undefined
    from.walkStrength = WEAKEST
    from.isStay = true
    const unsatisfied: Constraint[] = []
    const todo = [from]
    for (let variable = todo.pop(); variable; variable = todo.pop()) {
      const { determinedBy } = variable
      for (const one of variable.constraints) {
        if (!one.isSatisfied) unsatisfied.push(one)
        else if (one !== determinedBy) {
          one.recalculate()
          todo.push(one.output)
        }
      }
    }
    return unsatisfied
  }

  #addConsumers(variable: Variable, to: Constraint[]): void {
    for (const one of variable.constraints) {
      if (one !== variable.determinedBy && one.isSatisfied) to.push(one)
    }
  }

  #nextMark(): number {
    this.#mark += 1
    return this.#mark
  }
}

/** What became of the variables. */
export interface DeltaBlueResult {
  /** The last variable of the chain after each change of the first. */
  chain: number[]
  /** Sources after a target was changed, targets after a source, all by factor, all by offset: sums. */
  projection: number[]
}

/** Solves a chain of n equalities, and a projection of n variables onto n others. */
export function deltaBlue(n: number): DeltaBlueResult {
  return { chain: chainTest(n), projection: projectionTest(n) }
}

function chainTest(n: number): number[] {
  const planner = new Planner()
  const variables = Array.from({ length: n + 1 }, () => new Variable())
  const [first, last] = [variables[0]!, variables[n]!]
  for (let i = 0; i < n; i++) new EqualityConstraint(variables[i]!, variables[i + 1]!, REQUIRED, planner)
  new StayConstraint(last, STRONG_DEFAULT, planner)
  const edit = new EditConstraint(first, PREFERRED, planner)
  const plan = planner.planFrom([edit])
  return Array.from({ length: 100 }, (_, i) => {
    first.value = i
    for (const constraint of plan) constraint.execute()
    return last.value
  })
}

function projectionTest(n: number): number[] {
  const planner = new Planner()
  const [scale, offset] = [new Variable(10), new Variable(1000)]
  const sources: Variable[] = []
  const targets: Variable[] = []
  for (let i = 0; i < n; i++) {
    const [source, target] = [new Variable(i), new Variable(i)]
    sources.push(source)
    targets.push(target)
    new StayConstraint(source, NORMAL, planner)
    new ScaleConstraint(source, scale, offset, target, REQUIRED, planner)
  }
  const [source, target] = [sources[n - 1]!, targets[n - 1]!]
  const sums: number[] = []
  change(planner, source, 17)
  sums.push(target.value)
  change(planner, target, 1050)
  sums.push(source.value)
  const others = targets.slice(0, n - 1)
  change(planner, scale, 5)
  sums.push(others.reduce((sum, { value }) => sum + value, 0))
  change(planner, offset, 2000)
  sums.push(others.reduce((sum, { value }) => sum + value, 0))
  return sums
}

function change(planner: Planner, variable: Variable, value: number): void {
  const edit = new EditConstraint(variable, PREFERRED, planner)
  const plan = planner.planFrom([edit])
  for (let i = 0; i < 10; i++) {
    variable.value = value
    for (const constraint of plan) constraint.execute()
  }
  planner.remove(edit)
}
