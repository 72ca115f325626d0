// Reports as pages for a browser: each is one self-contained file.
import type { ReportFormat } from '../format.ts'
import { htmlPage } from '../html/page.ts'
import {
  changesPage,
  explanationPage,
  observationsPage,
  reviewPage,
  verificationPage,
} from '../html/pages.ts'
import { plainMedium } from '../medium.ts'

export const html: ReportFormat = {
  changes: (compared, { tool } = plainMedium) => htmlPage(changesPage(compared), tool),
  review: (reviewed, { tool } = plainMedium) => htmlPage(reviewPage(reviewed), tool),
  explanation: (explained, { tool } = plainMedium) => htmlPage(explanationPage(explained), tool),
  verification: (verified, { tool } = plainMedium) => htmlPage(verificationPage(verified), tool),
  observations: (observations, { tool } = plainMedium) => htmlPage(observationsPage(observations), tool),
}
