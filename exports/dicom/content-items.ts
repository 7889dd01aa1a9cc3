/** Items of the content of a structured report (PS3.3 C.17.3), and how they hang together. */
import { type ConceptName, coded } from './coded-concepts.ts';
import { type Dataset, decimal } from './dataset.ts';

type Relationship = 'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS CONCEPT MOD' | 'INFERRED FROM';

function item(relationship: Relationship, type: string, name: ConceptName, value: Dataset): Dataset {
  return {
    RelationshipType: relationship,
    ValueType: type,
    ConceptNameCodeSequence: [coded(name)],
    ...value,
  };
}

export function container(name: ConceptName, content: readonly Dataset[]): Dataset {
  return item('CONTAINS', 'CONTAINER', name, { ContinuityOfContent: 'SEPARATE', ContentSequence: content });
}

export function code(relationship: Relationship, name: ConceptName, value: ConceptName): Dataset {
  return item(relationship, 'CODE', name, { ConceptCodeSequence: [coded(value)] });
}

export function text(relationship: Relationship, name: ConceptName, value: string): Dataset {
  return item(relationship, 'TEXT', name, { TextValue: value });
}

export function uid(relationship: Relationship, name: ConceptName, value: string): Dataset {
  return item(relationship, 'UIDREF', name, { UID: value });
}

/** A frame of an image that a measurement was taken from; `frame` is from 0. */
export function image(instance: Dataset, frame: number): Dataset {
  return item('INFERRED FROM', 'IMAGE', 'sourceOfMeasurement', {
    ReferencedSOPSequence: [{ ...instance, ReferencedFrameNumber: String(frame + 1) }],
  });
}

/** @param about modifiers, and the image that it was taken from. */
export function measurement(
  name: ConceptName,
  value: number,
  unit: ConceptName,
  about: readonly Dataset[],
): Dataset {
  return item('CONTAINS', 'NUM', name, {
    MeasuredValueSequence: [
      { NumericValue: decimal(Number(value.toPrecision(6))), MeasurementUnitsCodeSequence: [coded(unit)] },
    ],
    ...(about.length > 0 && { ContentSequence: about }),
  });
}
