/** The instants at which an expression is evaluated. */
export interface Frame {
  readonly startMs: number
  /** Between two instants; 1 when there is one only. */
  readonly stepMs: number
  /** How many instants; at least 1. */
  readonly steps: number
}

/** A frame of one instant. */
export function instantFrame(atMs: number): Frame {
  return { startMs: atMs, stepMs: 1, steps: 1 }
}

/** The last instant. */
export function endOf(frame: Frame): number {
  return frame.startMs + (frame.steps - 1) * frame.stepMs
}
