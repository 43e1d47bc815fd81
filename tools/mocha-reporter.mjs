// Mocha's `spec` report, ended by one plain line that any log reader understands: "N passed, N failed, N skipped".
import Mocha from 'mocha'

export default class PlainClosingReporter extends Mocha.reporters.Spec {
  epilogue() {
    super.epilogue()
    const { passes, failures, pending } = this.stats
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`)
  }
}
