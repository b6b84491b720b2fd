// A program that uses the API with a token, as briefly as tests want to say it.
import request, { type Response } from 'supertest';
import type { TestApp } from './app.ts';
import type { TestUser } from './fixture.ts';

export interface Program {
  get(path: string): Promise<Response>;
  post(path: string, body?: object, headers?: Record<string, string>): Promise<Response>;
  patch(path: string, body?: object): Promise<Response>;
  remove(path: string): Promise<Response>;
}

/** Speaks to /api/v1 as this user. @param path behind /api/v1, e.g. '/customers' */
export function program(app: TestApp, user: Pick<TestUser, 'token'>): Program {
  const send = async (
    method: 'get' | 'post' | 'patch' | 'delete',
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Response> => {
    const sent = request(app.url)
      [method](`/api/v1${path}`)
      .set({ Authorization: `Bearer ${user.token}`, ...headers });
    return await (body ? sent.send(body) : sent);
  };
  return {
    get: (path) => send('get', path),
    post: (path, body = {}, headers = {}) => send('post', path, body, headers),
    patch: (path, body = {}) => send('patch', path, body),
    remove: (path) => send('delete', path),
  };
}
