/**
 * A running sum with Neumaier's improvement of Kahan's compensation, step for step as Prometheus
 * sums, so that results agree to the last digit.
 */
export class KahanSum {
  sum = 0
  compensation = 0

  add(value: number): void {
    const sum = this.sum
    const total = sum + value
    if (total === Infinity || total === -Infinity) this.compensation = 0
    else if (Math.abs(sum) >= Math.abs(value)) this.compensation += sum - total + value
    else this.compensation += value - total + sum
    this.sum = total
  }
}
