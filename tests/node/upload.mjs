// Uploads one file with tus-js-client, and says line by line in JSON what happened.
// The one argument is JSON: { peers, file, endpoint, ... }; what is not named here goes to the client as it is.
import fs from 'node:fs'
import { createRequire } from 'node:module'

const { peers, file, store, ...options } = JSON.parse(process.argv[2])
const tus = createRequire(`${peers}/`)('tus-js-client')
const say = (event, rest) => console.log(JSON.stringify({ event, ...rest }))

const upload = new tus.Upload(fs.createReadStream(file), {
  ...options,
  ...(store ? { urlStorage: new tus.FileUrlStorage(store) } : {}),
  onAfterResponse: (request, response) => {
    say('response', {
      method: request.getMethod(),
      status: response.getStatus(),
      offset: response.getHeader('Upload-Offset'),
      segment: response.getHeader('Danpa-Segment'),
    })
  },
  onError: (error) => {
    const response = error.originalResponse
    say('error', { status: response ? response.getStatus() : 0, body: response ? response.getBody() : `${error}` })
    process.exit(1)
  },
  onSuccess: () => say('success', { url: upload.url }),
})

const previous = store ? await upload.findPreviousUploads() : []
if (previous.length) upload.resumeFromPreviousUpload(previous[0])
upload.start()
