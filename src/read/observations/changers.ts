/** Programs that run another program as another user. Their arguments show how to start a container without them. */
export const changers =
  /(?:^|\/)(?:su|sudo|doas|gosu|su-exec|setpriv|runuser|chpst|setuidgid|s6-setuidgid|s6-applyuidgid|capsh)$/
