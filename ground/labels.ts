/** Label values of every segmentation in the project (method.md, notation). */
export const BACKGROUND = 0;
/** Left ventricle cavity (endocardium). */
export const LEFT_VENTRICLE = 1;
export const MYOCARDIUM = 2;
/** K of the method: background, left ventricle, myocardium. */
export const CLASS_COUNT = 3;
