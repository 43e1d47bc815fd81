// Mocha's `spec` report, ended by the tests that needed a second try, each with why, and by one plain line that any log
// reader understands: "N passed, N failed, N skipped".
import Mocha from 'mocha'

export default class PlainClosingReporter extends Mocha.reporters.Spec {
  #retried = []

  constructor(runner, options) {
    super(runner, options)
    runner.on(Mocha.Runner.constants.EVENT_TEST_RETRY, (test, error) => {
      this.#retried.push(`tried again: ${test.fullTitle()}: ${error.message}`)
    })
  }

  epilogue() {
    super.epilogue()
    for (const line of this.#retried) console.log(line)
    const { passes, failures, pending } = this.stats
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`)
  }
}
