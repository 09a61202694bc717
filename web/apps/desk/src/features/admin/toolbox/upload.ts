import type { Media, Part } from '@yingda/shared/api'
import { server } from '../../../server.ts'

interface Uploaded extends Media {
  id: string
  kind: 'image' | 'audio' | 'video' | 'file'
}

/** Sends a file to be attached later. */
export async function upload(file: File): Promise<Part> {
  const { kind, ...media } = await server.upload<Uploaded>('/attachments', file, { name: file.name })
  return { type: kind, media }
}
