import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { buildSync } from 'esbuild'
import { until } from '../../../../tools/testing/until.ts'
import { bundledLibraries, bundleWarning } from '../../src/watch/bundled-libraries.ts'
import { AppProcess } from '../register/app-process.ts'
import { OtlpReceiver } from '../register/otlp-receiver.ts'

const { resolve } = createRequire(import.meta.url)
const LIBRARIES = {
  '@aws-sdk': '@aws-sdk/client-sqs',
  '@grpc/grpc-js': '@grpc/grpc-js',
  '@hapi/hapi': '@hapi/hapi',
  '@nestjs/core': '@nestjs/core',
  amqplib: 'amqplib',
  bunyan: 'bunyan',
  express: 'express',
  ioredis: 'ioredis',
  kafkajs: 'kafkajs',
  knex: 'knex',
  koa: 'koa',
  mongodb: 'mongodb',
  mongoose: 'mongoose',
  mysql2: 'mysql2',
  pg: 'pg',
  pino: 'pino',
  redis: 'redis',
  'socket.io': 'socket.io',
  winston: 'winston',
}

/** A real bundle of a script in this folder. */
function bundle(script: string, minify: boolean): string {
  const { outputFiles } = buildSync({
    stdin: { contents: script, resolveDir: import.meta.dirname },
    bundle: true,
    minify,
    platform: 'node',
    write: false,
    logLevel: 'silent',
    // Optional drivers and peers that are not installed stay outside.
    external: [...OPTIONAL],
  })
  return outputFiles[0]!.text
}

const OPTIONAL = [
  ...['pg-native', 'better-sqlite3', 'sqlite3', 'mysql', 'oracledb', 'tedious', 'pg-query-stream'],
  ...['mariadb', 'mongodb-client-encryption', 'dtrace-provider', 'class-transformer'],
  ...['class-validator', '@nestjs/microservices', '@nestjs/websockets', '@fastify/static'],
]

describe('a bundle', () => {
  for (const minify of [false, true]) {
    it(`is known to have each of these inside${minify ? ', minified' : ''}`, () => {
      const script = Object.values(LIBRARIES).map((entry) => `require('${entry}')`)
      const found = bundledLibraries(bundle(script.join(';'), minify))
      expect(found).to.have.members(Object.keys(LIBRARIES))
    })
  }

  it('of webpack is known, too', () => {
    const runtime =
      'function n(r){var o=t[r]={exports:{}};return e[r].call(o.exports,o,o.exports,n),o.exports}'
    expect(bundledLibraries(`${runtime};x('express:application')`)).to.deep.equal(['express'])
  })

  it('is not what loads its libraries as files, or is no bundle', () => {
    const script = "import express from 'express'; console.log('express:application', express)"
    expect(bundledLibraries(script)).to.deep.equal([])
    const { outputFiles } = buildSync({
      stdin: { contents: "require('express')", resolveDir: import.meta.dirname },
      bundle: true,
      platform: 'node',
      packages: 'external',
      write: false,
    })
    expect(bundledLibraries(outputFiles[0]!.text)).to.deep.equal([])
  })

  it('that cannot be read says nothing', async () => {
    expect(await bundleWarning(resolve('chai').concat('.gone'))).to.equal(undefined)
    expect(await bundleWarning(undefined)).to.equal(undefined)
  })

  it('says at start what is hidden, and what is not hidden is observed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chokepoint-bundle-'))
    const receiver = await OtlpReceiver.start()
    const file = join(folder, 'bundle.cjs')
    const script = `
      const fastify = require('fastify')()
      require('ioredis')
      fastify.get('/peer', async () => ({}))
      fastify.get('/items/:id', async (request) => (await fetch('http://' + request.host + '/peer')).status)
      fastify.listen({ port: 0 }).then(() => {
        console.log('listening ' + fastify.server.address().port)
      })`
    writeFileSync(file, bundle(script, true))
    const app = new AppProcess(file, {
      preload: '--import',
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    })
    try {
      const url = await app.listening()
      await (await fetch(`${url}/items/1`)).text()
      await until('an export', () => receiver.points('http.client.request.duration').length > 0)
      const served = receiver.points('http.server.request.duration')
      const routes = served.map(({ attributes }) => attributes['http.route'])
      expect(routes).to.have.members(['/peer', '/items/:id'])
      expect(app.stderr).to.match(
        /^\[chokepoint\] bundle\.cjs is a bundle: ioredis, pino inside it cannot be observed; .*\n$/,
      )
    } finally {
      app.child.kill('SIGKILL')
      receiver.stop()
      rmSync(folder, { recursive: true })
    }
  })
})
