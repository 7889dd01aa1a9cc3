/** Label values of every segmentation in the project (method.md, notation). */
export const BACKGROUND = 0;
/** Left ventricle cavity (endocardium). */
export const LEFT_VENTRICLE = 1;
export const MYOCARDIUM = 2;
/** K of the method: background, left ventricle, myocardium. */
export const CLASS_COUNT = 3;
/**
 * What nobody drew, in the labels of training windows alone: a frame that was not annotated, or a pixel that may belong
 * to a structure that was not. No segmentation holds it; losses leave it out.
 */
export const UNKNOWN = 255;
