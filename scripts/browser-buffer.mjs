// Replaces `Buffer` in a bundle for browsers.
export { Buffer } from 'buffer/'
