/** Programs that run another as somebody else: their words tell how a container is to start without them. */
export const changers =
  /(?:^|\/)(?:su|sudo|doas|gosu|su-exec|setpriv|runuser|chpst|setuidgid|s6-setuidgid|s6-applyuidgid|capsh)$/
