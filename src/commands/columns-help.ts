// The meaning of the account's columns, for `--help`.

export const columnsHelp = `

The account on stderr has a row for each source: lines read; calls counted;
ignored: lines that are no calls (signals, exits, the program's own output);
unparsed: lines that nobody understood; lost: what the recorder says it lost;
evidence: which calls such a source can show.`
