import { expect } from 'chai'
import { EnvironmentReader } from '../../src/settings/environment-reader.ts'
import { readProfileSettings } from '../../src/settings/profile-settings.ts'

describe('settings of profiles on demand', () => {
  let warnings: string[]

  beforeEach(() => {
    warnings = []
  })

  const read = (environment: Record<string, string>) =>
    readProfileSettings(new EnvironmentReader(environment, (line) => warnings.push(line)))

  it('take no signal and open no port by themselves', () => {
    expect(read({})).to.deep.equal({
      signal: undefined,
      directory: '.',
      seconds: 10,
      token: undefined,
    })
  })

  it('are read from the environment', () => {
    const settings = read({
      CHOKEPOINT_PROFILE_SIGNAL: 'sigusr2',
      CHOKEPOINT_PROFILE_DIR: '/var/profiles',
      CHOKEPOINT_PROFILE_SECONDS: '2.5',
      CHOKEPOINT_PROFILE_TOKEN: '0123456789abcdef',
    })
    expect(settings).to.deep.equal({
      signal: 'SIGUSR2',
      directory: '/var/profiles',
      seconds: 2.5,
      token: '0123456789abcdef',
    })
    expect(warnings).to.deep.equal([])
  })

  it('take no signal that means something else, and no token that can be guessed', () => {
    const settings = read({
      CHOKEPOINT_PROFILE_SIGNAL: 'SIGTERM',
      CHOKEPOINT_PROFILE_SECONDS: '301',
      CHOKEPOINT_PROFILE_TOKEN: 'short',
    })
    expect(settings).to.include({ signal: undefined, seconds: 10, token: undefined })
    expect(warnings).to.deep.equal([
      'CHOKEPOINT_PROFILE_SIGNAL is wrong: expected SIGUSR2 or SIGQUIT; used: no signal',
      'CHOKEPOINT_PROFILE_SECONDS is wrong: expected a number from 1 to 300; used: 10',
      'CHOKEPOINT_PROFILE_TOKEN is wrong: expected at least 16 letters; used: no token',
    ])
  })
})
