import type { Session } from 'node:inspector'

/** Sends a command of the inspector protocol and resolves with its answer. */
export type Post = <Answer>(method: string, parameters?: object) => Promise<Answer>

/** How commands are sent in this session. */
export const postTo =
  (session: Session): Post =>
  <Answer>(method: string, parameters: object = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      session.post(method, parameters, (error, answer) => {
        if (error === null) resolve(answer as Answer)
        else reject(error)
      })
    })
