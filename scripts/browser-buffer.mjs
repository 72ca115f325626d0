// What `Buffer` is in a bundle for browsers.
export { Buffer } from 'buffer/'
