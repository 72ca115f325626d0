// The meaning of the account's columns, for `--help`.

export const columnsHelp = `

The account on stderr has a row for each source: lines read; calls counted;
ignored: lines that are not calls (signals, exits, the program's own output);
unparsed: lines that were not understood; lost: calls that the recorder lost;
evidence: which calls such a source can show.`
