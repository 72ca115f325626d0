/** Whether dist was built from the sources, dependencies and Node.js of now. */
export declare function isBuilt(): boolean
